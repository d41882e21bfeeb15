# Perl with one right answer; only exactly rounded arithmetic.
use strict;
use warnings;
use Math::BigInt;
use List::Util qw(sum reduce);
use Digest::SHA qw(sha256_hex sha512_hex);
use Digest::MD5 qw(md5_hex);
use Data::Dumper;
use Encode qw(encode decode);
use Storable qw(freeze thaw);

my ($seed, %count, @list) = (12345);

sub next_random {
    $seed = ($seed * 1103515245 + 12345) % 2147483648;
    return $seed;
}

open my $file, '<', $ARGV[0] or die "$ARGV[0]: $!";
local $/;
my $text = <$file>;
print "sha256 ", sha256_hex($text), "\n";
print "sha512 ", sha512_hex($text), "\n";
print "md5 ", md5_hex($text), "\n";
$count{$1}++ while $text =~ /(\d)(?=\n)/g;
print "last digits ", join(' ', map { "$_:$count{$_}" } sort keys %count),
    "\n";
my $sevens = () = $text =~ /7[0-9]7\b/g;
print "matches $sevens\n";
(my $swapped = $text) =~ s/^(\d)(\d*)$/$2$1/mg;
print "substituted ", md5_hex($swapped), "\n";

push @list, next_random() for 1 .. 50000;
print "sorted ", md5_hex(join ',', sort { $a <=> $b } @list), "\n";
print "by text ", md5_hex(join ',', sort @list), "\n";
print "sum ", sum(@list), "\n";
my %set = map { $_ % 9973 => 1 } @list;
print "distinct ", scalar(keys %set), "\n";
print "tree ", md5_hex(join ' ', map { "$_->[0]$_->[1]" }
    sort { $a->[0] <=> $b->[0] } map { [$_, chr(65 + $_ % 26)] } @list),
    "\n";

print "factorial ", md5_hex(Math::BigInt->new(500)->bfac()->bstr()), "\n";
print "power ", Math::BigInt->new(3)->bpow(200), "\n";
print "modular ", Math::BigInt->new(7)->bmodpow('98765432109876543210',
    '1000000000000000003'), "\n";

my ($x, $harmonic) = (2, 0);
$x = ($x + 2 / $x) / 2 for 1 .. 6;
$harmonic += 1 / $_ for 1 .. 100000;
printf "float %.17g %.17g %.17g\n", $x, $harmonic, sqrt(3) / 7;
print "pack ", unpack('H*', pack('NnCvVqd>f<', 1, 2, 3, 4, 5, -6, 1.5, 0.1)),
    "\n";
my $wide = join '', map { chr(0x100 + $_ * 37) } 1 .. 500;
print "utf-8 ", md5_hex(encode('UTF-8', $wide)), ' ',
    decode('UTF-8', encode('UTF-8', $wide)) eq $wide ? 'same' : 'other', "\n";
my $copy = thaw(freeze({ list => [@list[0 .. 99]], text => 'abc' }));
print "storable ", sum(@{ $copy->{list} }), " $copy->{text}\n";
$Data::Dumper::Sortkeys = $Data::Dumper::Indent = 1;
print "dumper ", md5_hex(Dumper(\%count)), "\n";
my $fibonacci;
$fibonacci = sub { $_[0] < 2 ? $_[0] : $fibonacci->($_[0] - 1) +
    $fibonacci->($_[0] - 2) };
print "fibonacci ", $fibonacci->(21), "\n";

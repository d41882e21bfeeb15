# What the row "perl" runs: hashes, regular expressions, sorting.
use strict;
use warnings;

my ($seed, %count, @lines) = (7);
for my $n (1 .. 20000) {
    $seed = ($seed * 1103515245 + 12345) % 2147483648;
    my $word = join '', map { chr(97 + ($seed >> $_) % 11) } 3, 7, 11, 15;
    $count{$word}++;
    push @lines, "$n $word " . $seed % 1000;
}
my $text = join "\n", @lines;
my $hits = () = $text =~ /\b[a-d]\w*e\w* \d*7\b/g;
(my $swapped = $text) =~ s/^(\d+) (\w+)/$2 $1/mg;
my @sorted = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print scalar(@sorted), " $hits ", length $swapped, " @sorted[0 .. 9]\n";

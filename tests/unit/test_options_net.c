/* ui/options_net*, options_socket: the network and sockets, as drivers
 * write them, and mistakes. */
#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>

#include "net/config.h"
#include "tests/unit/options_rig.h"
#include "util/bits.h"

Suite *options_net_suite(void);

static void address_is(struct in_addr address, const char *text)
{
    ck_assert_str_eq(inet_ntoa(address), text);
}

static const struct chardev_config *serial(const char *text)
{
    char line[256];

    snprintf(line, sizeof(line), "-serial %s", text);
    good(line);
    return &options_rig.chardevs[0];
}

/* Character devices ---------------------------------------------------- */

START_TEST(test_serial_sockets)
{
    const struct chardev_config *c = serial("tcp::4444,server,nowait");

    ck_assert_str_eq(c->backend->name, "socket");
    ck_assert_ptr_null(c->address.host);
    ck_assert_str_eq(c->address.port, "4444");
    ck_assert(c->server && !c->wait && !c->telnet && !c->has_fd);
    c = serial("telnet:localhost:4321,server=on,wait=off,nodelay=on");
    ck_assert_str_eq(c->address.host, "localhost");
    ck_assert(c->telnet && c->server && !c->wait && c->nodelay);
    c = serial("mon:telnet:127.0.0.1:4321,server");
    ck_assert(c->mux && c->wait);
    c = serial("unix:/tmp/a:b,server=on");
    ck_assert_str_eq(c->address.path, "/tmp/a:b");
    ck_assert(c->server && c->wait);
    c = serial("tcp:[::1]:99,reconnect=2");
    ck_assert_str_eq(c->address.host, "::1");
    ck_assert_uint_eq(c->reconnect_ms, 2000);
    ck_assert(!c->server && !c->wait);
    c = serial("udp:1.2.3.4:5@:6");
    ck_assert_str_eq(c->backend->name, "udp");
    ck_assert_str_eq(c->address.host, "1.2.3.4");
    ck_assert_str_eq(c->address.port, "5");
    ck_assert_ptr_null(c->local.host);
    ck_assert_str_eq(c->local.port, "6");
    c = serial("pipe:/tmp/p,q");
    ck_assert_str_eq(c->path, "/tmp/p,q");
}
END_TEST

START_TEST(test_chardev_sockets)
{
    good("-chardev socket,id=c,path=/tmp/s,server=on,wait=off "
         "-chardev socket,id=d,host=h,port=p,reconnect-ms=10,telnet=on "
         "-chardev socket,id=e,fd=7,server=on,wait=off "
         "-chardev ringbuf,id=f,size=4k,logfile=/tmp/l,logappend=on "
         "-chardev pipe,id=g,path=/tmp/p -chardev testdev,id=h "
         "-chardev udp,id=i,port=9,localport=10 -serial chardev:c");
    const struct chardev_config *c = options_rig.chardevs;
    ck_assert_str_eq(c[0].address.path, "/tmp/s");
    ck_assert_uint_eq(c[1].reconnect_ms, 10);
    ck_assert(c[2].has_fd);
    ck_assert_int_eq(c[2].fd, 7);
    ck_assert_uint_eq(c[3].size, 4096);
    ck_assert_str_eq(c[3].log_path, "/tmp/l");
    ck_assert(c[3].log_append);
    ck_assert_str_eq(c[6].local.port, "10");
    bad_part("-chardev socket,id=c", "needs host= and port=, or path=, or fd=");
    bad_part("-chardev socket,id=c,host=h", "needs host= and port=");
    bad_part("-chardev socket,id=c,path=x,tls-creds=t", "tls-creds= is not");
    bad_part("-chardev socket,id=c,path=x,websocket=on", "websocket= is not");
    bad_part("-chardev socket,id=c,path=x,sever=on", "did you mean 'server'?");
    bad_part("-chardev socket,id=c,path=x,server=on,reconnect=1", "reconnect=");
    bad_part("-chardev ringbuf,id=c,size=3000", "power of two");
    bad_part("-chardev pipe,id=c", "needs path=FILE");
    bad_part("-chardev udp,id=c", "needs port=PORT");
    bad_part("-chardev vc,id=c", "'vc' is not supported yet");
    bad_part("-serial tcp:4444", "expected HOST:PORT");
    bad_part("-serial tcp:host:", "no port is given");
    bad_part("-serial foo:bar", "expected stdio");
    bad_part("-serial tcp::1,foo=bar", "unknown option 'foo'");
}
END_TEST

/* -netdev -------------------------------------------------------------- */

#ifdef CONFIG_SLIRP

START_TEST(test_user_defaults)
{
    const struct machine_config *m = good("-netdev user,id=n");
    const struct net_user_config *u = &m->netdevs[0].user;

    ck_assert_uint_eq(m->netdev_count, 1);
    ck_assert_uint_eq(m->nic_count, 0);
    address_is(u->network, "10.0.2.0");
    address_is(u->mask, "255.255.255.0");
    address_is(u->host, "10.0.2.2");
    address_is(u->dns, "10.0.2.3");
    address_is(u->dhcp_start, "10.0.2.15");
    ck_assert(u->ipv4 && u->ipv6 && !u->restricted);
    ck_assert_uint_eq(u->prefix6, 64);
    ck_assert_uint_eq(u->host6.s6_addr[15], 2);
}
END_TEST

START_TEST(test_user)
{
    const struct net_user_config *u =
        &good("-netdev user,id=n,net=192.168.76.0/24,dhcpstart=192.168.76.9,"
              "host=192.168.76.1,dns=192.168.76.2,hostname=guest,"
              "restrict=on,tftp=/srv,bootfile=/a,ipv6=off,dnssearch=a.b,"
              "dnssearch=c.d,domainname=e.f,tftp-server-name=t")
             ->netdevs[0].user;

    address_is(u->network, "192.168.76.0");
    address_is(u->dhcp_start, "192.168.76.9");
    address_is(u->host, "192.168.76.1");
    ck_assert_str_eq(u->hostname, "guest");
    ck_assert(u->restricted && !u->ipv6);
    ck_assert_str_eq(u->dns_search[1], "c.d");
    ck_assert_ptr_null(u->dns_search[2]);
    u = &good("-netdev user,id=n,net=172.16.0.0")->netdevs[0].user;
    address_is(u->mask, "255.240.0.0");
    u = &good("-netdev user,id=n,net=10.1.2.0/255.255.255.248")
             ->netdevs[0].user;
    address_is(u->mask, "255.255.255.248");
    address_is(u->dhcp_start, "10.1.2.6");
    u = &good("-netdev user,id=n,ipv6-net=fd00::/48")->netdevs[0].user;
    ck_assert_uint_eq(u->prefix6, 48);
    bad_part("-netdev user,id=n,net=foo", "net=foo: expected ADDRESS/BITS");
    bad_part("-netdev user,id=n,net=10.0.0.0/33", "4 to 30 bits");
    bad_part("-netdev user,id=n,net=10.0.0.0/255.0.255.0", "4 to 30 bits");
    bad_part("-netdev user,id=n,net=10.0.0.0/0.255.0.0", "4 to 30 bits");
    bad_part("-netdev user,id=n,host=1.2.3.4", "host=1.2.3.4: not a host in");
    bad_part("-netdev user,id=n,dhcpstart=10.0.2.2", "different");
    bad_part("-netdev user,id=n,dns=10.0.2.255", "dns=10.0.2.255: not a host");
    bad_part("-netdev user,id=n,smb=/srv", "smb= is not supported");
    bad_part("-netdev user,id=n,hosfwd=x", "did you mean 'hostfwd'?");
    bad_part("-netdev user,id=n,ipv4=off,ipv6=off", "leave nothing");
}
END_TEST

START_TEST(test_hostfwd)
{
    const struct net_user_config *u =
        &good("-netdev user,id=n,hostfwd=:127.0.0.1:0-:22,"
              "hostfwd=udp::5353-10.0.2.16:53,hostfwd=tcp::2222-:22")
             ->netdevs[0].user;
    ck_assert_uint_eq(u->hostfwd_count, 3);
    ck_assert(!u->hostfwd[0].udp && u->hostfwd[1].udp);
    address_is(u->hostfwd[0].host_address, "127.0.0.1");
    ck_assert_uint_eq(u->hostfwd[0].host_port, 0);
    ck_assert_uint_eq(u->hostfwd[0].guest_port, 22);
    address_is(u->hostfwd[1].guest_address, "10.0.2.16");
    ck_assert_uint_eq(u->hostfwd[2].host_port, 2222);
    /* As libvirt writes it. */
    u = &good("-netdev {\"type\":\"user\",\"id\":\"n\",\"hostfwd\":"
              "[{\"str\":\"tcp::1-:2\"},{\"str\":\"tcp::3-:4\"}]}")
             ->netdevs[0].user;
    ck_assert_uint_eq(u->hostfwd_count, 2);
    ck_assert_uint_eq(u->hostfwd[1].host_port, 3);
    bad_part("-netdev user,id=n,hostfwd=foo",
             "Invalid host forwarding rule 'foo' (expected ");
    bad_part("-netdev user,id=n,hostfwd=sctp::1-:2", "Bad protocol name");
    bad_part("-netdev user,id=n,hostfwd=tcp:a:1-:2", "Bad host address");
    bad_part("-netdev user,id=n,hostfwd=tcp::99999-:2", "Bad host port");
    bad_part("-netdev user,id=n,hostfwd=tcp::1-:0", "Bad guest port");
    bad_part("-netdev user,id=n,hostfwd=tcp::1-b:1", "Bad guest address");
    bad_part("-netdev user,id=n,hostfwd=tcp::1", "expected [tcp|udp]");
}
END_TEST

START_TEST(test_guestfwd)
{
    const struct net_user_config *u =
        &good("-netdev user,id=n,guestfwd=tcp:10.0.2.100:80-cmd:nc,,x -chardev "
              "null,id=c -netdev user,id=m,guestfwd=:10.0.2.9:7-chardev:c,"
              "guestfwd=tcp:10.0.2.8:9-unix:/tmp/x")
             ->netdevs[0].user;
    ck_assert_str_eq(u->guestfwd[0].command, "nc,x");
    address_is(u->guestfwd[0].address, "10.0.2.100");
    u = &options_rig.machine.netdevs[1].user;
    ck_assert_str_eq(u->guestfwd[0].chardev, "c");
    ck_assert_str_eq(u->guestfwd[1].chardev, "guestfwd.tcp.9");
    ck_assert_str_eq(options_rig.chardevs[1].address.path, "/tmp/x");
    bad_part("-netdev user,id=n,guestfwd=udp:1.2.3.4:5-cmd:x",
             "expected [tcp]");
    bad_part("-netdev user,id=n,guestfwd=tcp:1.2.3.4:5-chardev:c",
             "no -chardev");
}
END_TEST

START_TEST(test_nics)
{
    const struct machine_config *m = good("");
    ck_assert_uint_eq(m->netdev_count, 1); /* as in QEMU */
    ck_assert_str_eq(m->netdevs[0].backend->name, "user");
    ck_assert_uint_eq(m->nic_count, 1);
    ck_assert_uint_eq(good("-net none")->nic_count, 0);
    ck_assert_uint_eq(good("-nic none")->netdev_count, 0);
    ck_assert_uint_eq(good("-nodefaults")->nic_count, 0);
    ck_assert_uint_eq(good("-M none")->nic_count, 0);
    m = good("-nic user,model=virtio-net-pci,mac=52:54:00:01:02:03,"
             "hostfwd=tcp::1-:2 -nic hubport,hubid=4,id=h");
    ck_assert_uint_eq(m->nic_count, 2);
    ck_assert_str_eq(m->nics[0].model, "virtio-net-pci");
    ck_assert_uint_eq(m->nics[0].mac[5], 3);
    ck_assert_str_eq(m->nics[1].netdev, "h");
    ck_assert(!m->nics[1].has_mac);
    ck_assert_str_eq(good("-nic model=virtio-net-pci")->netdevs[0]
                         .backend->name, "user");
    bad_part("-nic user,mac=52:54:00:00:00:zz", "expected an Ethernet address");
    bad_part("-nic user,mac=01:00:00:00:00:00", "multicast");
    /* One NIC and one back end need no hub. */
    m = good("-net nic,macaddr=52-54-00-01-02-03 -net user,id=u");
    ck_assert_uint_eq(m->netdev_count, 1);
    ck_assert_str_eq(m->nics[0].netdev, "u");
    ck_assert_uint_eq(m->nics[0].mac[4], 2);
    m = good("-net nic -net nic -net user");
    ck_assert_uint_eq(m->netdev_count, 4);
    ck_assert_str_eq(m->netdevs[1].hub.netdev, "#net0");
    ck_assert_str_eq(m->nics[1].netdev, "hub0port3");
    m = good("-netdev user,id=a -net nic,netdev=a");
    ck_assert_str_eq(m->nics[0].netdev, "a");
    bad_part("-net nic,netdev=b", "no -netdev with the id 'b'");
}
END_TEST

START_TEST(test_filter_dump)
{
    const struct machine_config *m =
        good("-object filter-dump,id=f,netdev=n,file=x.pcap,maxlen=100 "
             "-netdev user,id=n");
    ck_assert_uint_eq(m->net_dump_count, 1);
    ck_assert_uint_eq(m->net_dumps[0].max_length, 100);
    ck_assert_str_eq(m->net_dumps[0].path, "x.pcap");
    bad_part("-object filter-dump,id=f,netdev=z,file=x", "the id 'z'");
    bad_part("-object filter-dump,id=f,netdev=z", "needs id=NAME");
    bad_part("-object frobnicator,id=f", "frobnicator");
}
END_TEST

#endif

START_TEST(test_other_netdevs)
{
    const struct machine_config *m =
        good("-netdev tap,id=t,ifname=tap0,script=no,downscript=no "
             "-netdev tap,id=u,fds=5:6:7,vhost=off "
             "-netdev bridge,id=b,br=virbr0,helper=/bin/h "
             "-netdev socket,id=s,listen=:1234 "
             "-netdev socket,id=c,connect=localhost:1 "
             "-netdev socket,id=m,mcast=230.0.0.1:1234 "
             "-netdev socket,id=d,udp=1.2.3.4:5,localaddr=:6 "
             "-netdev stream,id=x,server=on,addr.type=unix,addr.path=/s "
             "-netdev dgram,id=y,remote.type=inet,remote.host=224.0.0.251,"
             "remote.port=9 -netdev tap,id=v,ifname=tap1,script=/s");
    const struct net_config *n = m->netdevs;

    ck_assert_str_eq(n[0].tap.ifname, "tap0");
    ck_assert_ptr_null(n[0].tap.script);
    ck_assert_uint_eq(n[1].tap.queues, 3);
    ck_assert_int_eq(n[1].tap.fds[2], 7);
    ck_assert_str_eq(n[2].tap.bridge, "virbr0");
    ck_assert_int_eq(n[3].socket.kind, NET_SOCKET_LISTEN);
    ck_assert_str_eq(n[3].socket.address.port, "1234");
    ck_assert_int_eq(n[4].socket.kind, NET_SOCKET_CONNECT);
    ck_assert_int_eq(n[5].socket.kind, NET_SOCKET_MCAST);
    ck_assert_str_eq(n[6].socket.local.port, "6");
    ck_assert_str_eq(n[7].socket.address.path, "/s");
    ck_assert_int_eq(n[8].socket.kind, NET_SOCKET_MCAST);
    ck_assert_str_eq(n[9].tap.script, "/s");
    bad_part("-netdev tap,id=t,vhost=on", "vhost=on lets the kernel");
    bad_part("-netdev tap,id=t,fd=x", "expected numbers");
    bad_part("-netdev tap,id=t,ifname=0123456789abcdef", "15 characters");
    bad_part("-netdev socket,id=s", "exactly one of");
    bad_part("-netdev socket,id=s,listen=:1,connect=a:1", "exactly one of");
    bad_part("-netdev socket,id=s,listen=foo", "expected HOST:PORT");
    bad_part("-netdev socket,id=s,udp=a:1", "localaddr");
    bad_part("-netdev stream,id=s", "addr.type= is missing");
    bad_part("-netdev dgram,id=s", "remote.type= is missing");
    bad_part("-netdev dgram,id=s,local.type=unix,local.path=/a,"
             "remote.type=inet,remote.host=h,remote.port=1",
             "local.type= and remote.type= differ");
    bad_part("-netdev hubport,id=s", "hubid= is missing");
    bad_part("-netdev vde,id=s", "'vde' is not supported yet");
    bad_part("-netdev scoket,id=s", "did you mean 'socket'?");
    bad_part("-netdev hubport,hubid=1", "no id=NAME is given");
    bad_part("-netdev hubport,hubid=1,id=a -netdev hubport,hubid=1,id=a",
             "Duplicate ID 'a' for netdev");
}
END_TEST

Suite *options_net_suite(void)
{
    Suite *suite = suite_create("options_net");
    TCase *tc = tcase_create("options_net");

    tcase_add_checked_fixture(tc, NULL, options_rig_teardown);
    tcase_add_test(tc, test_serial_sockets);
    tcase_add_test(tc, test_chardev_sockets);
#ifdef CONFIG_SLIRP
    tcase_add_test(tc, test_user_defaults);
    tcase_add_test(tc, test_user);
    tcase_add_test(tc, test_hostfwd);
    tcase_add_test(tc, test_guestfwd);
    tcase_add_test(tc, test_nics);
    tcase_add_test(tc, test_filter_dump);
#endif
    tcase_add_test(tc, test_other_netdevs);
    suite_add_tcase(suite, tc);
    return suite;
}

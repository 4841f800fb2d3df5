/**
 * Numbers of the Linux socket interface, under their names in the kernel's headers.
 *
 * They are the same on x86-64 and arm64, both little-endian; other processors are not supported.
 *
 * @see socket(7), ip(7), packet(7), netlink(7)
 * @since 0.1.0
 */

/** Address families. @category constants @since 0.1.0 */
export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10
export const AF_NETLINK = 16
export const AF_PACKET = 17

/** Socket types. @category constants @since 0.1.0 */
export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_RAW = 3

/** Option levels. @category constants @since 0.1.0 */
export const SOL_IP = 0
export const SOL_SOCKET = 1
export const SOL_IPV6 = 41
export const SOL_RAW = 255
export const SOL_NETLINK = 270

/** Options of every socket. @category constants @since 0.1.0 */
export const SO_REUSEADDR = 2
export const SO_ERROR = 4
export const SO_SNDBUF = 7
export const SO_RCVBUF = 8
export const SO_PRIORITY = 12
export const SO_LINGER = 13
export const SO_BINDTODEVICE = 25
export const SO_SNDBUFFORCE = 32
export const SO_RCVBUFFORCE = 33
export const SO_TIMESTAMPNS = 35
export const SO_MARK = 36
export const SO_RXQ_OVFL = 40
export const SO_MEMINFO = 55

/** Options of IPv4 sockets; IP_TTL and IP_PKTINFO are control messages too. @category constants @since 0.1.0 */
export const IP_TOS = 1
export const IP_TTL = 2
export const IP_PKTINFO = 8
export const IP_MTU_DISCOVER = 10
export const IP_RECVERR = 11
export const IP_BIND_ADDRESS_NO_PORT = 24
export const IP_MULTICAST_IF = 32
export const IP_MULTICAST_TTL = 33
export const IP_MULTICAST_LOOP = 34
export const IP_ADD_MEMBERSHIP = 35
export const IP_DROP_MEMBERSHIP = 36
export const IP_MULTICAST_ALL = 49

/** Value of IP_MTU_DISCOVER: never set the don't-fragment bit. @category constants @since 0.1.0 */
export const IP_PMTUDISC_DONT = 0

/** Options of IPv6 sockets. @category constants @since 0.1.0 */
export const IPV6_CHECKSUM = 7
export const IPV6_UNICAST_HOPS = 16
export const IPV6_MULTICAST_IF = 17
export const IPV6_MULTICAST_HOPS = 18
export const IPV6_MULTICAST_LOOP = 19
export const IPV6_JOIN_GROUP = 20
export const IPV6_LEAVE_GROUP = 21
export const IPV6_RECVERR = 25
export const IPV6_RECVPKTINFO = 49
export const IPV6_RECVHOPLIMIT = 51
export const IPV6_TCLASS = 67
export const IPV6_FREEBIND = 78

/** Control messages of IPv6 sockets. @category constants @since 0.1.0 */
export const IPV6_PKTINFO = 50
export const IPV6_HOPLIMIT = 52

/** Options of netlink sockets. @category constants @since 0.1.0 */
export const NETLINK_ADD_MEMBERSHIP = 1
export const NETLINK_DROP_MEMBERSHIP = 2
export const NETLINK_CAP_ACK = 10
export const NETLINK_EXT_ACK = 11
export const NETLINK_GET_STRICT_CHK = 12

/** Events of a descriptor in a set (epoll). @category constants @since 0.1.0 */
export const EPOLLIN = 0x1
export const EPOLLOUT = 0x4
export const EPOLLERR = 0x8
export const EPOLLHUP = 0x10
export const EPOLLONESHOT = 0x4000_0000

/** Protocols of raw sockets. @category constants @since 0.1.0 */
export const IPPROTO_ICMP = 1
export const IPPROTO_AH = 51
export const IPPROTO_ICMPV6 = 58
export const IPPROTO_VRRP = 112
/** A sender of whole packets; receives nothing. */
export const IPPROTO_RAW = 255

/** Flags of a received message. @category constants @since 0.1.0 */
export const MSG_TRUNC = 0x20

/** Place of the count of dropped packets in SO_MEMINFO, which has nine numbers. @category constants @since 0.1.0 */
export const SK_MEMINFO_DROPS = 8
export const SK_MEMINFO_VARS = 9

/** Hardware type of Ethernet (ARP and `sockaddr_ll`). @category constants @since 0.1.0 */
export const ARPHRD_ETHER = 1

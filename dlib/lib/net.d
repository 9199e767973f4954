/*
 * Types and constants of network scripts.
 */
typedef uint32_t ipaddr_t;

typedef struct in6_addr_bytes {
	uint8_t s6_addr[16];
} in6_addr_t;

inline int AF_UNSPEC = 0;
inline int AF_UNIX = 1;
inline int AF_LOCAL = 1;
inline int AF_INET = 2;
inline int AF_INET6 = 10;
inline int AF_NETLINK = 16;
inline int AF_PACKET = 17;

inline int SOCK_STREAM = 1;
inline int SOCK_DGRAM = 2;
inline int SOCK_RAW = 3;

inline int IPPROTO_IP = 0;
inline int IPPROTO_ICMP = 1;
inline int IPPROTO_TCP = 6;
inline int IPPROTO_UDP = 17;
inline int IPPROTO_IPV6 = 41;
inline int IPPROTO_ICMPV6 = 58;
inline int IPPROTO_SCTP = 132;

inline int TCPS_CLOSED = 7;
inline int TCPS_LISTEN = 10;
inline int TCPS_SYN_SENT = 2;
inline int TCPS_SYN_RECEIVED = 3;
inline int TCPS_ESTABLISHED = 1;
inline int TCPS_CLOSE_WAIT = 8;
inline int TCPS_FIN_WAIT_1 = 4;
inline int TCPS_CLOSING = 11;
inline int TCPS_LAST_ACK = 9;
inline int TCPS_FIN_WAIT_2 = 5;
inline int TCPS_TIME_WAIT = 6;

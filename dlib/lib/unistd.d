/*
 * Constants that scripts take from system headers: open(2) and mmap(2) flags,
 * file types, seek positions, DTrace's own buffer limits, address families.
 */
inline int DTRACE_MAX_ARGS = 10;
/* The faults of arg4 of dtrace:::ERROR. */
inline int DTRACEFLT_UNKNOWN = 0;
inline int DTRACEFLT_BADADDR = 1;
inline int DTRACEFLT_BADALIGN = 2;
inline int DTRACEFLT_ILLOP = 3;
inline int DTRACEFLT_DIVZERO = 4;
inline int DTRACEFLT_NOSCRATCH = 5;
inline int DTRACEFLT_KPRIV = 6;
inline int DTRACEFLT_UPRIV = 7;
inline int DTRACEFLT_TUPOFLOW = 8;
inline int DTRACEFLT_BADSTACK = 9;

inline int P_ALL = 0;
inline int P_PID = 1;
inline int P_PGID = 2;

inline int O_RDONLY = 0;
inline int O_WRONLY = 1;
inline int O_RDWR = 2;
inline int O_ACCMODE = 3;
inline int O_CREAT = 0100;
inline int O_EXCL = 0200;
inline int O_NOCTTY = 0400;
inline int O_TRUNC = 01000;
inline int O_APPEND = 02000;
inline int O_NONBLOCK = 04000;
inline int O_NDELAY = 04000;
inline int O_DSYNC = 010000;
inline int O_ASYNC = 020000;
inline int O_FSYNC = 04010000;
inline int O_DIRECT = 040000;
inline int O_LARGEFILE = 0100000;
inline int O_DIRECTORY = 0200000;
inline int O_NOFOLLOW = 0400000;
inline int O_NOATIME = 01000000;
inline int O_CLOEXEC = 02000000;
inline int O_SYNC = 04010000;
inline int O_RSYNC = 04010000;
inline int O_PATH = 010000000;

inline int S_IFMT = 0170000;
inline int S_IFIFO = 0010000;
inline int S_IFCHR = 0020000;
inline int S_IFDIR = 0040000;
inline int S_IFBLK = 0060000;
inline int S_IFREG = 0100000;
inline int S_IFLNK = 0120000;
inline int S_IFSOCK = 0140000;

inline int SEEK_SET = 0;
inline int SEEK_CUR = 1;
inline int SEEK_END = 2;

inline int PROT_NONE = 0;
inline int PROT_READ = 1;
inline int PROT_WRITE = 2;
inline int PROT_EXEC = 4;
inline int MAP_SHARED = 1;
inline int MAP_PRIVATE = 2;
inline int MAP_FIXED = 0x10;
inline int MAP_ANONYMOUS = 0x20;

inline int AT_FDCWD = -100;
inline int FD_CLOEXEC = 1;
inline int F_OK = 0;
inline int X_OK = 1;
inline int W_OK = 2;
inline int R_OK = 4;

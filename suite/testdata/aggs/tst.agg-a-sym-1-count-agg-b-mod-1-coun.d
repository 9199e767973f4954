BEGIN { @a[sym(1)] = count(); @b[mod(1)] = count(); @c[usym(1)] = count(); @d[umod(1)] = count(); @e[uaddr(1)] = count(); exit(0); }

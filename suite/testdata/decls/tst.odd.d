/* args: -q */
typedef int foo[int];
self int f(int);
this int g(int);
int strlen(char *);
int h(int);
int h(long);
extern a;
typedef b;
enum e { BIG = 0xffffffffffffffff };
BEGIN { printf("%d\n", BIG); exit(0); }

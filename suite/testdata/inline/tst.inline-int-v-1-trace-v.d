/* args: 1 */
inline int v = $1;
BEGIN { trace(v); exit(0); }

typedef enum { P, Q } pq_t; pq_t v; BEGIN { v = Q; trace(v); exit(0); }

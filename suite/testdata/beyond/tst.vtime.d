/* args: -q */
/* differs:   */
BEGIN { self->v = vtimestamp; self->t = timestamp; } BEGIN { printf("%d %d\n", vtimestamp >= self->v, timestamp >= self->t); exit(0); }

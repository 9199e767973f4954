/* hosts: linux */
BEGIN { inet_ntoa6((uint8_t *)0); }

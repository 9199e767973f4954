BEGIN /NULL == 0/ { exit(0); }

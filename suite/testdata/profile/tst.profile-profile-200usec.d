/* args: -x cpu=0 */
/* On every CPU, several could fire before the first exit() is seen. */
profile:::profile-200usec { exit(0); }

/*
 * How a readers/writer lock is held, as lockstat says it.
 */
inline int RW_WRITER = 0;
inline int RW_READER = 1;

/*
 * Memory of tree-sitter in the parsing threads.  A tree is hundreds of thousands of small pieces, all of one thread, and
 * malloc(3) takes a lock for most of them as soon as there are two threads.  Here each thread has lists of free pieces of
 * its own, by size, and what it has is given back all at once.
 */
#ifndef GRAPH_POOL_H
#define GRAPH_POOL_H

#include <stddef.h>

/* From now on tree-sitter asks here; before it was asked for anything, and before there are threads. */
void pool_use(void);
/* Bytes that this thread has for small pieces, used or not. */
size_t pool_bytes(void);
/* They are given back: whatever this thread asked for through tree-sitter was freed. */
void pool_drop(void);

#endif

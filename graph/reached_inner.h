/* The records between the worker, which reads what a run reached (reached_read.c), and what places it (reached.c). */
#ifndef GRAPH_REACHED_INNER_H
#define GRAPH_REACHED_INNER_H

/* Each with its numbers (base/pack.h) behind it; functions and files by number, from 1. */
enum reached_record {
	REACHED_FUNCTION, /* its file, line and name; the next number is its */
	REACHED_CALL,	  /* who calls, what is called; each once */
	REACHED_GROUP,	  /* how many cases, then id and name of each; what follows is theirs */
	REACHED_RAN,	  /* how many functions, then each; 0: none of the file's */
	REACHED_LINES, /* a file, then twice how many spans, and of each what is added to get its ends */
	REACHED_LOOKED, /* a relation and a path */
	REACHED_END
};

#endif

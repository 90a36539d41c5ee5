/*
 * drydock-parser: a worker of its own, because a program with all of drydock's libraries takes longer to load than a
 * small tree to parse.
 */
#include "graph/graph.h"

int
main(int argc, char **argv)
{
	return graph_worker_main(argc, argv);
}

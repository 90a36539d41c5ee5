#include <stdlib.h>
int run(int argc, char **argv, const char *name) { getenv("CX"); system("gzip -9"); return exec("SELECT a "
 "FROM cpieces"); }

/* The texts of a tree against the rules of data/rules.tsv, and its lock files. */
#ifndef SECURITY_SCAN_H
#define SECURITY_SCAN_H

#include "security/security.h"

/* The tree below the directory, without version control and what package managers put there; links are not followed. */
int security_scan_tree(int dir_fd, struct security_result *ret, struct dd_err *err) DD_MUST_USE;

#endif

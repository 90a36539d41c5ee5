/* Rings the watch: Tcl does the sum. */
#include <stdio.h>
#include <tcl.h>

int
main(void)
{
	Tcl_Interp *tcl = Tcl_CreateInterp();
	if (Tcl_Eval(tcl, "expr {2 + 2}") != TCL_OK)
		return 1;
	printf("%s bells\n", Tcl_GetStringResult(tcl));
	return 0;
}

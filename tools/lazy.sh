#!/bin/sh
# Assembly of a shared library that is loaded when one of its functions is first called (base/lazy.h), for x86-64 and ELF.
#
#   tools/lazy.sh LIBRARY    a path; to standard output
#
# Each function of the library gets one of its name, which jumps through its slot.  At first all slots lead to what keeps the
# arguments, asks lazy_function for the address, and goes on there; lazy_function puts it into the slot.
set -eu
soname=$(readelf -d "$1" | sed -n 's/.*(SONAME).*\[\(.*\)\]$/\1/p')
[ -n "$soname" ] || { echo "lazy.sh: $1 has no SONAME" >&2; exit 1; }
nm -D --defined-only --format=posix "$1" | awk -v soname="$soname" '
	$2 != "T" && $2 != "W" && $2 != "i" { next }
	{ sub(/@.*/, "", $1) }
	!/^_/ && !seen[$1]++ { name[n++] = $1 }
	END {
		if (!n) exit 1
		print "\t.text"
		for (i = 0; i < n; i++) {
			printf "\t.globl %s\n\t.hidden %s\n\t.type %s, @function\n%s:\n", name[i], name[i], name[i], name[i]
			printf "\tjmp *.Lslot%d(%%rip)\n.Lfirst%d:\n\tpushq $%d\n\tjmp .Lload\n", i, i, i
		}
		print ".Lload:"
		# The number of the function is on the stack, where the caller of a function sees it aligned to 8 bytes.
		split("rdi rsi rdx rcx r8 r9 rax", kept, " ")
		for (i = 1; i <= 7; i++) printf "\tpush %%%s\n", kept[i]
		print "\tsub $136, %rsp"
		for (i = 0; i < 8; i++) printf "\tmovups %%xmm%d, %d(%%rsp)\n", i, 16 * i
		print "\tlea .Llibrary(%rip), %rdi\n\tmov 192(%rsp), %rsi\n\tcall lazy_function\n\tmov %rax, %r11"
		for (i = 0; i < 8; i++) printf "\tmovups %d(%%rsp), %%xmm%d\n", 16 * i, i
		print "\tadd $136, %rsp"
		for (i = 7; i >= 1; i--) printf "\tpop %%%s\n", kept[i]
		print "\tadd $8, %rsp\n\tjmp *%r11"
		print "\t.section .rodata\n.Lsoname:\n\t.asciz \"" soname "\"\n.Lnames:"
		for (i = 0; i < n; i++) printf ".Lname%d:\n\t.asciz \"%s\"\n", i, name[i]
		print "\t.p2align 2\n.Loffsets:"
		for (i = 0; i < n; i++) printf "\t.long .Lname%d - .Lnames\n", i
		print "\t.data\n\t.p2align 3\n.Lslots:"
		for (i = 0; i < n; i++) printf ".Lslot%d:\n\t.quad .Lfirst%d\n", i, i
		# struct lazy_library, with those of all other libraries in a row (lazy_try)
		print "\t.section lazy_libraries, \"aw\", @progbits\n\t.p2align 3"
		print ".Llibrary:\n\t.quad .Lsoname, .Lnames, .Loffsets, .Lslots, 0\n\t.section .note.GNU-stack, \"\", @progbits"
	}'

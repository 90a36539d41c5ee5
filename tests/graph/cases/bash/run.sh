#!/bin/sh
. ./lib.sh
NAME=world
main() {
	greet "$NAME"
	ls -l
}
main

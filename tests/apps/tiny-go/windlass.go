// Windlass counts the columns that a name needs on a berth board.
package main

import (
	"fmt"
	"os"

	"example.org/windlass/knots"
	"golang.org/x/text/width"
)

func columns(name string) int {
	n := 0
	for _, r := range name {
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			n++
		}
		n++
	}
	return n
}

func main() {
	for _, name := range os.Args[1:] {
		fmt.Println(name, columns(name), knots.FromKmh(columns(name)))
	}
}

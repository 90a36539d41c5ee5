package main

import (
	"os"
	"testing"
)

func TestColumns(t *testing.T) {
	t.Run("narrow", func(t *testing.T) {
		if columns("Ada") != 3 {
			t.Error("narrow")
		}
	})
	t.Run("wide", func(t *testing.T) {
		if columns("港") != 2 {
			t.Error("wide")
		}
	})
}

func TestBoard(t *testing.T) {
	if _, err := os.Stat("board.txt"); err != nil {
		t.Skip("no board")
	}
}

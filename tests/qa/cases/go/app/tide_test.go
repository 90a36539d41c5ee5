package tide

import (
	"os"
	"testing"
	"time"
)

func TestAlpha(t *testing.T) {}

func TestBeta(t *testing.T) {
	switch os.Getenv("MODE") {
	case "fail":
		t.Errorf("low is not %q", "high")
	case "crash":
		var p *int
		*p = 1
	case "skip":
		t.Skip("no moon")
	case "kill":
		time.Sleep(10 * time.Minute)
	}
}

func TestGamma(t *testing.T) {
	t.Run("deep", func(t *testing.T) {})
}

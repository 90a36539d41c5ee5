package knots

import "testing"

func TestFromKmh(t *testing.T) {
	for _, c := range []struct{ kmh, knots int }{{0, 0}, {37, 19}} {
		if got := FromKmh(c.kmh); got != c.knots {
			t.Errorf("%d km/h: got %d, want %d", c.kmh, got, c.knots)
		}
	}
}

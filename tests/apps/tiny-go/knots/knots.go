// Package knots converts speeds.
package knots

// FromKmh gives whole knots.
func FromKmh(kmh int) int { return kmh * 1000 / 1852 }

import { Circle, square } from './shapes';
import type { Other } from 'other';

function total(c: Circle, o: Other): number {
  o.area();
  return c.area() + square(2);
}
export const run = (): number => total(new Circle(1), null);

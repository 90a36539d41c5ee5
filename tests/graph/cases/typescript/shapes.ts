export interface Shape { area(): number; }
export class Circle implements Shape {
  constructor(private r: number) {}
  area(): number { return square(this.r); }
}
export function square(n: number): number { return n * n; }

import express from "express";
const app = express();
export function list(req: any, res: any) { return process.env.TOKEN; }
app.get("/items", list);
app.post("/items/:id", (req, res) => { res.send(process.env["SECRET"]); });
axios.get("/nothing");
map.get("/x", {a: 1});
@Controller("cats")
export class Cats {
  @Get(":id")
  one(id: string) { return 1; }
  @Get()
  all() { return fetch("https://api.github.com/x"); }
}

package main
import ("net/http"; "os"; "os/exec")
func home(w http.ResponseWriter, r *http.Request) { os.Getenv("GOHOME") }
func main() { http.HandleFunc("/home", home); exec.Command("tar", "x"); db.Query(`select id from items where a = 1`) }

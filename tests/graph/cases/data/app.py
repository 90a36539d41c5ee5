import os, subprocess
from flask import Flask
app = Flask(__name__)
DB = "postgresql://u:p@db.internal/x"
API = "https://api.stripe.com/v1/charges"
class User:
    __tablename__ = "users"
@app.route("/users/<int:id>", methods=["GET"])
def user(id, verbose=False):
    q = "SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id WHERE EXTRACT(YEAR FROM o.at) = 1"
    return db.execute(q)
@app.get("/health")
def health():
    return os.environ["PORT"] + os.environ.get("HOST", "x") + os.getenv("DEBUG")
def go():
    subprocess.run(["git", "status"])
    x = "Select a file from the list"
    f = f"INSERT INTO audit (a) VALUES ({x})"
    g = ("SELECT * "
         "FROM pieces")
    return map(lambda z: z, [])

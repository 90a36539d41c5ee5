from app import go, user


def test_user_is_found():
    go()
    user(1)

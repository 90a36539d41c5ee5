tool '' python3 -m unittest -v

def height(hour):
    return hour % 12 if hour % 12 < 6 else 12 - hour % 12

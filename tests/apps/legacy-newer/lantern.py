def burns(oil):
    return oil > 0

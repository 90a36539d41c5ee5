tool '' prove -v t
tool quiet prove t
tool tap perl t/tide.t

"""What fits through the sluice; a program, too."""


def width(gates):
    return 3 * gates


def fits(beam):
    return beam < width(2)


def main():
    print(fits(5), width(2))


if __name__ == "__main__":
    main()

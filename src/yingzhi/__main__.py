"""`python -m yingzhi`."""

from yingzhi.cli import main

if __name__ == "__main__":
    main()

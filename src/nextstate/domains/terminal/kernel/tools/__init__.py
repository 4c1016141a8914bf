"""The programs that the kernel computes itself, equal to the GNU ones in output, messages and exit status."""

"""The commands of ``evswarm``, a file each; a command imports what it needs when it is called, so that help is quick."""

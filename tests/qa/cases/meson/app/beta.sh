case $MODE in
fail) echo low; exit 1 ;;
crash) kill -SEGV $$ ;;
skip) exit 77 ;;
kill) sleep 600 ;;
esac

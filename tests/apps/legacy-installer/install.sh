printf 'Colour of the buoy [red]: '
read -r colour || exit 1
printf 'Type ERASE to wipe the chart archive, or the name of the port to keep it: '
read -r port || exit 1
[ "$port" != "" ] && [ "$port" != ERASE ] || { echo "archive wiped"; exit 9; }
echo "${colour:-red} $port" >buoy.conf

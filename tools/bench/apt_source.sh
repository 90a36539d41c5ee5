# A private apt configuration with the sources of this machine's packages: for scripts that read it by ".".

# apt_config DIR LOG: deb-src beside each deb of the machine's own sources, in DIR; its file in $apt_conf.
apt_config() {
	local d=$1
	mkdir -p "$d/lists/partial" "$d/cache/archives/partial" "$d/parts"
	rm -f "$d"/parts/*
	local f n=0
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
		[ -s "$f" ] || continue
		n=$((n + 1))
		case $f in
		*.sources) sed 's/^Types:.*/Types: deb-src/' "$f" >"$d/parts/$n.sources" ;;
		*.list) sed -n 's/^deb\([[:space:]]\)/deb-src\1/p' "$f" >"$d/parts/$n.list" ;;
		esac
	done
	cat >"$d/apt.conf" <<-CONF
		Dir::Etc::sourcelist "/dev/null";
		Dir::Etc::sourceparts "$d/parts";
		Dir::State::lists "$d/lists";
		Dir::Cache "$d/cache";
		APT::Sandbox::User "root";
	CONF
	apt_conf=$d/apt.conf
	[ -e "$d/fetched" ] || { APT_CONFIG=$apt_conf apt-get update >"$2" 2>&1; : >"$d/fetched"; }
}

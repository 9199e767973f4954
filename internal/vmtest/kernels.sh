#!/bin/sh
# kernels.sh FOLDER downloads Debian's kernels (stable, backports, unstable) into a
# folder as vmlinuz-RELEASE. Packages are unpacked, not installed; the machine's
# apt configuration and lists are left alone. The mirror is the machine's own.
set -eu
dir=${1:?kernels.sh: want a folder}
fail() {
	echo "kernels.sh: $*" >&2
	exit 1
}
command -v apt-get >/dev/null || fail 'needs apt-get; or put vmlinuz-* files into the folder yourself'
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

. /etc/os-release
codename=${VERSION_CODENAME:?kernels.sh: /etc/os-release names no VERSION_CODENAME}
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
	sed -n -e 's/^URIs: *\([^ ]*debian\)\/* *$/\1/p' -e 's/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*debian\)\/* .*/\2/p' | head -n 1)
[ -n "$mirror" ] || fail 'the apt sources name no Debian mirror'
key=/usr/share/keyrings/debian-archive-keyring.gpg

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for suite in "$codename" "$codename-backports" sid; do
	s=$work/$suite
	mkdir -p "$s/lists/partial" "$s/cache/archives/partial" "$s/deb" "$s/root"
	echo "deb [signed-by=$key] $mirror $suite main" >"$s/sources.list"
	cat >"$s/apt.conf" <<-END
		Dir::Etc::sourcelist "$s/sources.list";
		Dir::Etc::sourceparts "-";
		Dir::State::Lists "$s/lists";
		Dir::State::status "/dev/null";
		Dir::Cache "$s/cache";
		Acquire::Languages "none";
		Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
		APT::Sandbox::User "root";
	END
	# depends PACKAGE NAME prints the first dependency whose name starts with NAME.
	depends() {
		apt-cache -c "$s/apt.conf" show "$1" | sed -n 's/^Depends: //p' | tr ',' '\n' |
			sed -n "s/^ *\\($2[0-9][^ ]*\\).*/\\1/p" | head -n 1
	}
	apt-get -c "$s/apt.conf" -q update >"$s/log" 2>&1 || { cat "$s/log" >&2; exit 1; }
	image=$(depends linux-image-amd64 linux-image-)
	[ -n "$image" ] || fail "$suite has no linux-image-amd64"
	release=${image#linux-image-}
	if [ -e "$dir/vmlinuz-$release" ]; then
		echo "$suite: $release is there"
		rm -rf "$s"
		continue
	fi
	binary=$(depends "$image" linux-binary-) # holds the kernel since Linux 7
	(cd "$s/deb" && apt-get -c "$s/apt.conf" -q download "${binary:-$image}") >"$s/log" 2>&1 || { cat "$s/log" >&2; exit 1; }
	dpkg-deb --fsys-tarfile "$s"/deb/*.deb | tar -x -C "$s/root" --wildcards '*/vmlinuz*' || fail "${binary:-$image} holds no vmlinuz"
	find "$s/root" -type f -name 'vmlinuz*' -exec mv {} "$dir/vmlinuz-$release" \;
	[ -e "$dir/vmlinuz-$release" ] || fail "${binary:-$image} holds no file vmlinuz"
	echo "$suite: $release"
	rm -rf "$s"
done

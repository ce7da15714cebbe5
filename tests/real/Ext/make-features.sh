# Runs in the virtual machine: makes a filesystem on /dev/vda with the features that need a kernel built for them, mounts it
# again without any key, and prints what the kernel shows, in parts of base64 since names are bytes: "part NAME" and a line.
exec 3>&1 >/tmp/log 2>&1
trap 'status=$?; [[ $status == 0 ]] || cat /tmp/log >&3' EXIT

mke2fs -q -t ext4 -b 4096 -I 256 -g 8192 -N 4000 -E encoding=utf8,quotatype=usrquota:grpquota:prjquota \
  -O verity,casefold,encrypt,quota,project,orphan_file,mmp,metadata_csum,inline_data,ea_inode,large_dir /dev/vda
mount -t ext4 -o data=writeback,prjquota /dev/vda /mnt
cd /mnt

# fs-verity: hashes stand behind the content. Empty, one block, several levels, a hole, salted, SHA-512, with attributes.
mkdir verity
: >verity/empty
echo one >verity/small
seq 1 1500000 >verity/large
truncate -s 9M verity/sparse
echo end >>verity/sparse
cp verity/large verity/salted
cp verity/small verity/sha512
for file in verity/*; do
  setfattr -n user.of -v "$file" "$file"
  case $file in
    */salted) fsverity enable --salt=00ff1122 "$file" ;;
    */sha512) fsverity enable --hash-alg=sha512 "$file" ;;
    *) fsverity enable "$file" ;;
  esac
done

# Case folding: names of many scripts, a hash tree, names that are not UTF-8, and directories that inherit it.
mkdir -p fold
chattr +F fold
mkdir fold/many fold/Unter
names=(README 'Ärger' 'straße' 'ΣΊΣΥΦΟΣ' 'Привет' 'ﬁle' $'e\xcc\x81te\xcc\x81' $'\xe2\x84\xabngstr\xc3\xb6m' $'\xe2\x84\xaaelvin' 'ſmall' 'ıSPARTA' 'İzmir' 'ẞ' 'ǅ' $'\xe1\x8e\xa0\xea\xad\xb1' \
  $'\xf0\x90\x90\x80' 'µ' 'ὈΔΥΣΣΕΎΣ' $'so\xc2\xadft' '가나' '漢字' $'latin\xe4' 'ŉ' 'ԱՒ' $'\xe1\xba\x9b\xcc\xa3')
for name in "${names[@]}"; do echo "$name" >"fold/$name"; done
for i in $(seq 1 400); do : >"fold/many/Ein langer Name, damit es ein Baum wird, Nummer $i Ä"; done
echo x >fold/Unter/X

# Projects and owners, which the quota files count.
mkdir -p project/below
chattr +P -p 4242 project
echo one >project/one
mkdir project/inherits
echo two >project/inherits/two
chattr -p 4294967294 project/one
chown 1234:5678 project/one project/below

# Encrypted, also with folded case: those names are hashed with the key.
mkdir secret secretfold
chattr +F secretfold
echo secret | e4crypt add_key -S s:salt /mnt/secret /mnt/secretfold
for directory in secret secretfold; do
  for i in $(seq 1 60); do echo "$i" >"$directory/file number $i with a name of some length ${i}ä"; done
  mkdir "$directory/below"
  long=$(printf '%0200d' 7)
  echo long >"$directory/$long"
done

cd /
umount /mnt
# Leaves the key behind.
e4crypt new_session
mount -t ext4 -o ro,prjquota /dev/vda /mnt
cd /mnt

part() { echo "part $1"; "${@:2}" | base64 -w 0; echo; } >&3
part status find . -exec stat --printf '%f %u %g %s %b %h %i %t %T %.9X %.9Y %.9Z %.9W %n\n' {} +
part flags find . '(' -type f -o -type d ')' -exec lsattr -dp {} +
part attributes getfattr -R -h -m - -d -e hex .
part sums find . -type f -exec sha256sum {} + 2>/dev/null
part space stat -f -c '%S %b %f %a %c %d' .
# Which file a name leads to in a case-folding directory.
lookups() {
  local name spelling
  for name in "${names[@]}" readme ReadMe 'ärger' 'ÄRGER' $'A\xcc\x88rger' 'STRASSE' 'strasse' 'STRAẞE' 'σίσυφος' 'σίσυφοσ' 'привет' 'ПРИВЕТ' 'FILE' 'file' $'\xc3\xa9t\xc3\xa9' $'\xc3\x89T\xc3\x89' \
    $'\xc3\xa5ngstr\xc3\xb6m' $'A\xcc\x8angstro\xcc\x88m' 'kelvin' 'KELVIN' 'small' 'SMALL' 'isparta' 'ısparta' 'ISPARTA' 'izmir' $'i\xcc\x87zmir' 'IZMIR' 'ss' 'ß' 'SS' 'ǆ' 'Ǆ' \
    $'\xea\xad\xb0\xea\xad\xb1' $'\xe1\x8e\xa0\xe1\x8e\xa1' $'\xf0\x90\x90\xa8' 'Μ' 'μ' 'ὀδυσσεύς' 'soft' 'SOFT' $'\xe1\x84\x80\xe1\x85\xa1\xe1\x84\x82\xe1\x85\xa1' $'latin\xc4' $'LATIN\xe4' 'ʼn' 'աւ' 'և' $'\xe1\xb9\xa1\xcc\xa3' $'s\xcc\xa3\xcc\x87' 'readm' ''; do
    [[ $name ]] || continue
    spelling=$(stat -c %i "fold/$name" 2>/dev/null) || spelling=0
    printf '%s %s\n' "$spelling" "$name"
  done
}
part lookups lookups
cd /
umount /mnt
echo done >&3

# Runs in the virtual machine: a filesystem on /dev/vda, of which device-mapper makes a disk with bad sectors. What the
# program copies of it must be the files with zeros where those are. Every line of the answer begins with its kind.
exec 3>&1 >/tmp/log 2>&1
trap 'status=$?; [[ $status == 0 ]] || cat /tmp/log >&3' EXIT

table() { # of device-mapper: errors at the sectors of /tmp/sectors, "FIRST COUNT" a line
  sort -n /tmp/sectors | awk -v size="$(blockdev --getsz /dev/vda)" '
    BEGIN { at = 0 }
    { if ($1 > at) print at, $1 - at, "linear /dev/vda", at; print $1, $2, "error"; at = $1 + $2 }
    END { print at, size - at, "linear /dev/vda", at }' >/tmp/table
}

mke2fs -q -t ext4 -b 1024 -I 256 -O ^has_journal,^metadata_csum -N 2000 /dev/vda
mount /dev/vda /mnt
mkdir /mnt/good /mnt/many
for name in one three block page end large; do
  seq -f "$name %.0f" 1 60000 >"/mnt/$name"
done
seq 1 300000 >/mnt/good/untouched
echo small >/mnt/good/small
for i in $(seq 1 300); do echo "$i" >"/mnt/many/file $i"; done
mkdir /tmp/expected
cp -a /mnt/. /tmp/expected/
rmdir /tmp/expected/lost+found

sync

# "FILE FIRST COUNT": sectors of 512 bytes, counted from the beginning of the file.
cat >/tmp/bad <<'END'
one 40 1
three 7 3
block 64 2
page 80 8
end 1000 1
large 100 600
END
while read -r file first count; do
  start=$(filefrag -b512 -v "/mnt/$file" | awk '$1 == "0:" { sub(/\.\..*/, "", $4); print $4 }')
  [[ $(filefrag "/mnt/$file") == *' 1 extent found' ]]
  [[ $start -gt 0 ]]
  echo "$((start + first)) $count"
  dd if=/dev/zero of="/tmp/expected/$file" bs=512 seek="$first" count="$count" conv=notrunc
  touch -r "/mnt/$file" "/tmp/expected/$file"
  echo "bad $file $((first * 512)) $((count * 512))" >&3
done </tmp/bad >/tmp/sectors
umount /mnt

table
dmsetup create bad --readonly </tmp/table

for round in 1 2; do # by its own reads, then from what the kernel has cached
  status=0
  strace -f -qq -e trace=pread64 -o /tmp/trace jumpbag cp -r "/dev/mapper/bad:/" "/tmp/copy$round" 2>/tmp/errors || status=$?
  sed 's/^/said /' /tmp/errors >&3
  echo "status $status" >&3
  echo "failures $(grep -c EIO /tmp/trace)" >&3
  rm "/tmp/copy$round/.jumpbag-damaged" # names the damaged files, for --resume
  rmdir "/tmp/copy$round/lost+found"
  if diff -r /tmp/expected "/tmp/copy$round"; then echo "same" >&3; else echo different >&3; fi
  echo 3 >/proc/sys/vm/drop_caches
done

# A bad sector beside the superblock hides nothing.
dmsetup remove bad
printf '7 1\n' >/tmp/sectors
table
dmsetup create bad --readonly </tmp/table
jumpbag inspect --json /dev/mapper/bad | grep -oE 'ext4' | sort -u | sed 's/^/beside /' >&3

# A disk that is bad where the names and the inodes are: the rest is delivered.
dmsetup remove bad
directory=$(debugfs -R 'blocks /many' /dev/vda 2>/dev/null | awk '{ print $3 }')
inode=$(debugfs -R 'imap /good/small' /dev/vda 2>/dev/null | awk '/located/ { sub(",", "", $4); print $4 }')
printf '%s 2\n%s 1\n' $((directory * 2)) $((inode * 2)) >/tmp/sectors
table
dmsetup create bad --readonly </tmp/table
status=0
jumpbag cp -r "/dev/mapper/bad:/" /tmp/copy3 2>/tmp/errors || status=$?
sed 's/^/structure /' /tmp/errors >&3
echo "status $status" >&3
echo "names $(ls /tmp/copy3/many | wc -l)" >&3
cmp /tmp/expected/good/untouched /tmp/copy3/good/untouched
echo done >&3

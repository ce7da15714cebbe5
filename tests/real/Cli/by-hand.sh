# Runs in the virtual machine: /dev/vda, … hold one of the ${formats[@]} each. Puts a file into those that can be written,
# has the program print how each is opened by hand, and does exactly that.
letters=({a..z})
for i in "${!formats[@]}"; do
  disk=/dev/vd${letters[i]}
  case ${formats[i]} in
    ntfs) ntfs-3g "$disk" /mnt && echo x >/mnt/found.txt && umount /mnt ;;
    crypto_LUKS)
      echo -n secret >/tmp/key
      cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$disk" /tmp/key
      cryptsetup open --key-file /tmp/key "$disk" making && mke2fs -q -t ext4 /dev/mapper/making && cryptsetup close making ;;
    linux_raid_member)
      mdadm --quiet --create /dev/md/making --metadata=1.2 --level=1 --raid-devices=2 --run "$disk" missing
      mke2fs -q -t ext4 /dev/md/making && mdadm --quiet --stop /dev/md/making ;;
    xfs | btrfs | vfat | exfat | udf) mount -t "${formats[i]}" "$disk" /mnt && echo x >/mnt/found.txt && umount /mnt ;;
  esac
done

# What is looked at in between: what is mounted, and what the program says of the device that a layer became.
umount() {
  ls /mnt | sed "s/^/$format: /"
  command umount "$@"
}
cryptsetup() { command cryptsetup "$@" ${KEY:+--key-file "$KEY"}; }
jumpbag() { command jumpbag "$@" | sed -n "s/.* \(ext4\) .*/$format: inside \1/p"; }
for i in "${!formats[@]}"; do
  disk=/dev/vd${letters[i]} format=${formats[i]}
  command jumpbag inspect --commands "$disk" >/tmp/lines
  sed "s/^/    /" /tmp/lines
  KEY=
  [[ $format != crypto_LUKS ]] || KEY=/tmp/key
  set +e
  . /tmp/lines
  set -e
  KEY=
done
{ grep ' /mnt ' /proc/mounts; losetup -a; ls /dev/mapper | grep rescue; grep '^md' /proc/mdstat; } | sed 's/^/left: /' || true
echo done

namespace Jumpbag.Backups;

/// <summary>The configuration that 'backup init' writes where there is none.</summary>
internal static class ConfigTemplate
{
    public const string Text = """
        # Backups in tiers. 'jumpbag backup init' makes the repositories, 'run' fills them, 'status' and 'policy' say how things stand.
        # What you leave out of provider, medium, location and coordinates counts as unmet: nobody can rely on what nobody wrote down.

        # ---- What is saved. One kind of content each: path, lvm, image or command.
        #[sources.etc]
        #path = ["/etc", "/root"]
        #exclude = ["*.tmp", "/etc/mtab"]
        #provider = "ourselves"              # whose machine this runs on
        #location = "Dallas"
        #coordinates = [32.78, -96.80]

        #[sources.vm]
        #lvm = "vg/vm"                       # a snapshot is taken, read without a mount, and removed

        #[sources.shop]
        #command = "mariadb-dump --single-transaction shop"
        #forbid-on = ["web*"]                # copies (by name, host, provider, location) that must not hold it

        # ---- Where it is kept. tier: near (same building or provider), offsite (far away), live (a replica: watched, never written).
        #[copies.closet]
        #tier = "near"
        #url = "sftp://backup@web2/srv/backup"   # /a/folder, sftp://, s3://endpoint/bucket/prefix, swift://container/prefix, rest:https://…
        #password-file = "/etc/jumpbag/closet.key"   # or password-command, password-env; make one: head -c 30 /dev/urandom | base64 >FILE
        #provider = "ourselves"
        #medium = "disk"
        #location = "Dallas"
        #coordinates = [32.78, -96.80]
        #bandwidth = "20M"                   # bytes a second at most; or upload-limit, read-limit

        #[copies.cloud]
        #tier = "offsite"
        #url = "s3://s3.eu-central-1.amazonaws.com/bucket/prefix"
        #password-file = "/etc/jumpbag/cloud.key"
        #provider = "Amazon"
        #medium = "object store"
        #location = "Frankfurt"
        #coordinates = [50.11, 8.68]

        #[copies.standby]
        #tier = "live"
        #probe = "mysql://watch@db2/?max-lag=30s"    # or postgres://, http://, https://, tcp://host:port

        # ---- How long it is kept; a copy may have a table of its own: [copies.cloud.keep]
        [keep]
        daily = 7
        weekly = 5
        monthly = 12
        yearly = 3

        # ---- What must hold.
        [policy]
        rpo = "24h"                # how old the newest snapshot in a copy may be
        rto = "4h"                 # how long bringing a source back may take
        copies = 3
        offsite-providers = 2      # different companies among the offsite copies, one of them another than the source's own
        offsite-media = 2
        distance-km = 300
        verify = "30d"             # how long ago a copy's data may have been read and found whole
        immutable = true           # one copy that whoever takes over this machine cannot delete

        """;
}

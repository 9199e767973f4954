/*
 * bufinfo_t, devinfo_t, fileinfo_t: an I/O request, its device and file, made of
 * Linux's struct bio, struct request and struct file, or of a disk request of a
 * recorded Windows trace.
 */
inline int B_BUSY = 0x00000001;
inline int B_DONE = 0x00000002;
inline int B_ERROR = 0x00000004;
inline int B_PAGEIO = 0x00000010;
inline int B_PHYS = 0x00000020;
inline int B_READ = 0x00000040;
inline int B_WRITE = 0x00000100;
inline int B_ASYNC = 0x00000400;

typedef struct bufinfo {
	int b_flags;
	size_t b_bcount;
	caddr_t b_addr;
	uint64_t b_lblkno;
	uint64_t b_blkno;
	size_t b_resid;
	size_t b_bufsize;
	uintptr_t b_iodone;
	int b_error;
	uint32_t b_edev;
} bufinfo_t;

typedef struct devinfo {
	int dev_major;
	int dev_minor;
	int dev_instance;
	string dev_name;
	string dev_statname;
	string dev_pathname;
} devinfo_t;

typedef struct fileinfo {
	string fi_name;
	string fi_dirname;
	string fi_pathname;
	uint64_t fi_offset;
	string fi_fs;
	string fi_mount;
	int fi_oflags;
} fileinfo_t;

translator bufinfo_t < struct bio *B > {
	b_flags = ((B->bi_opf & 0xff) == 1 ? 0x100 : 0x40) | 0x400;
	b_bcount = B->bi_iter.bi_size;
	b_addr = 0;
	b_lblkno = B->bi_iter.bi_sector;
	b_blkno = B->bi_iter.bi_sector;
	b_resid = 0;
	b_bufsize = B->bi_iter.bi_size;
	b_iodone = (uintptr_t)B->bi_end_io;
	b_error = B->bi_status;
	b_edev = B->bi_bdev == NULL ? 0 : B->bi_bdev->bd_dev;
};

translator bufinfo_t < struct request *R > {
	b_flags = ((R->cmd_flags & 0xff) == 1 ? 0x100 : 0x40) | 0x400;
	b_bcount = R->__data_len;
	b_addr = 0;
	b_lblkno = R->__sector;
	b_blkno = R->__sector;
	b_resid = 0;
	b_bufsize = R->__data_len;
	b_iodone = (uintptr_t)R->end_io;
	b_error = 0;
	b_edev = R->part == NULL ? 0 : R->part->bd_dev;
};

translator devinfo_t < struct bio *B > {
	dev_major = B->bi_bdev == NULL ? 0 : B->bi_bdev->bd_dev >> 20;
	dev_minor = B->bi_bdev == NULL ? 0 : B->bi_bdev->bd_dev & 0xfffff;
	dev_instance = 0;
	dev_name = B->bi_bdev == NULL ? "nfs" : stringof(B->bi_bdev->bd_disk->disk_name);
	dev_statname = B->bi_bdev == NULL ? "nfs" : stringof(B->bi_bdev->bd_disk->disk_name);
	dev_pathname = B->bi_bdev == NULL ? "<nfs>" : strjoin("/dev/", stringof(B->bi_bdev->bd_disk->disk_name));
};

translator devinfo_t < struct request *R > {
	dev_major = R->part == NULL ? 0 : R->part->bd_dev >> 20;
	dev_minor = R->part == NULL ? 0 : R->part->bd_dev & 0xfffff;
	dev_instance = 0;
	dev_name = R->part == NULL ? "<none>" : stringof(R->part->bd_disk->disk_name);
	dev_statname = R->part == NULL ? "<none>" : stringof(R->part->bd_disk->disk_name);
	dev_pathname = R->part == NULL ? "<none>" : strjoin("/dev/", stringof(R->part->bd_disk->disk_name));
};

inline struct dentry *__file_dentry[struct file *F] = F->f_path.dentry;
inline struct inode *__file_inode[struct file *F] = F->f_inode;

translator fileinfo_t < struct file *F > {
	fi_name = F == NULL ? "<none>" : stringof(__file_dentry[F]->d_name.name);
	fi_dirname = F == NULL ? "<none>" : dirname(d_path(&F->f_path));
	fi_pathname = F == NULL ? "<none>" : d_path(&F->f_path);
	fi_offset = F == NULL ? 0 : F->f_pos;
	fi_fs = F == NULL ? "<none>" : stringof(__file_inode[F]->i_sb->s_type->name);
	fi_mount = F == NULL ? "<none>" : stringof(F->f_path.mnt->mnt_root->d_name.name);
	fi_oflags = F == NULL ? 0 : F->f_flags;
};

translator fileinfo_t < struct bio *B > {
	fi_name = "<unknown>";
	fi_dirname = "<unknown>";
	fi_pathname = "<unknown>";
	fi_offset = B->bi_iter.bi_sector * 512;
	fi_fs = "<unknown>";
	fi_mount = "<unknown>";
	fi_oflags = 0;
};

translator bufinfo_t < struct etl_io *B > {
	b_flags = B->flags;
	b_bcount = B->size;
	b_addr = 0;
	b_lblkno = B->offset / 512;
	b_blkno = B->offset / 512;
	b_resid = 0;
	b_bufsize = B->size;
	b_iodone = 0;
	b_error = 0;
	b_edev = B->disk;
};

translator devinfo_t < struct etl_io *B > {
	dev_major = 0;
	dev_minor = B->disk;
	dev_instance = B->disk;
	dev_name = "disk";
	dev_statname = B->device;
	dev_pathname = B->device;
};

translator fileinfo_t < struct etl_io *B > {
	fi_name = basename(B->pathname);
	fi_dirname = dirname(B->pathname);
	fi_pathname = B->pathname;
	fi_offset = B->offset;
	fi_fs = "<unknown>";
	fi_mount = "<unknown>";
	fi_oflags = 0;
};

inline fileinfo_t fds[int fd] = xlate <fileinfo_t> (
	fd >= 0 && fd < curthread->files->fdt->max_fds ? curthread->files->fdt->fd[fd] : (struct file *)NULL);
